import { hostFunction } from "../host.ts"
import { bytesOf } from "./bytes.ts"
import { DOMException } from "./domException.ts"
import { subtle } from "./subtle.ts"

const bytesOnHost = hostFunction<[count: number], ArrayBuffer>("random.bytes")
const uuidOnHost = hostFunction<[], string>("random.uuid")

export const crypto = {
  subtle,

  randomUUID: (): string => uuidOnHost(),

  getRandomValues: <View extends ArrayBufferView<ArrayBuffer>>(view: View): View => {
    if (!ArrayBuffer.isView(view) || view instanceof DataView || /Float/.test(Object.prototype.toString.call(view)))
      throw new DOMException("getRandomValues fills an array of integers.", "TypeMismatchError")
    if (view.byteLength > 65_536) throw new DOMException("getRandomValues gives 65,536 bytes at most.", "QuotaExceededError")
    if (view.byteLength > 0) bytesOf(view).set(new Uint8Array(bytesOnHost(view.byteLength)))
    return view
  },
}
