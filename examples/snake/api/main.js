// A script, as Fazt 0.9 ran it: the value of the last expression is the answer.
var scores = require("./scores.js")

function handle(request) {
  if (request.path !== "/api/scores") return respond(404, { error: "There is nothing here." })
  if (request.method === "GET") return respond({ scores: scores.best() })
  if (request.method !== "POST") return respond(405, { error: "Scores can be read and added." }, { Allow: "GET, POST" })

  var problem = scores.problemOf(request.body)
  if (problem) return respond(400, { error: problem })
  var saved = scores.save(request.body.name.trim(), request.body.score)
  fazt.log.info(saved.name, "has", saved.score, "points")
  return respond(201, { id: saved.id, place: scores.placeOf(saved.score), scores: scores.best() })
}

handle(request)
