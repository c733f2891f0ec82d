import type { Binding } from "../host.ts"
import { cryptoFunctions } from "./webCrypto.ts"
import { formFunctions } from "./webForm.ts"
import { textFunctions } from "./webText.ts"
import { timeFunctions } from "./webTime.ts"
import { urlFunctions } from "./webUrl.ts"

/** What the web's standard classes inside the sandbox leave to the host, because it does it better or faster. */
export const webBinding: Binding = (invocation) => ({
  ...cryptoFunctions(invocation),
  ...formFunctions,
  ...textFunctions(),
  ...timeFunctions(invocation),
  ...urlFunctions,
})
