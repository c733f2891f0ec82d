// Before the page is painted, so that it does not flash. Where the browser lets pages remember nothing, the system's scheme holds.
try {
  const theme = localStorage.getItem("theme")
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme
} catch {}
