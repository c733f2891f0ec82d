import * as HttpApi from "@effect/platform/HttpApi"
import * as OpenApi from "@effect/platform/OpenApi"
import { version } from "../../resources.ts"
import { AccountGroup } from "./contract/account.ts"
import { AppsGroup } from "./contract/apps.ts"
import { AuditGroup } from "./contract/audit.ts"
import { BlobsGroup } from "./contract/blobs.ts"
import { ConfigGroup } from "./contract/config.ts"
import { DeploysGroup } from "./contract/deploys.ts"
import { DocumentsGroup } from "./contract/documents.ts"
import { EnvGroup } from "./contract/env.ts"
import { FilesGroup } from "./contract/files.ts"
import { KeysGroup } from "./contract/keys.ts"
import { KvGroup } from "./contract/kv.ts"
import { LogsGroup } from "./contract/logs.ts"
import { ObjectsGroup } from "./contract/objects.ts"
import { ServerGroup } from "./contract/server.ts"
import { SessionGroup } from "./contract/session.ts"
import { SitesGroup } from "./contract/sites.ts"
import { SystemGroup } from "./contract/system.ts"
import { UsersGroup } from "./contract/users.ts"

/** The admin API: one value that the server implements, the CLI and tests call, and the OpenAPI document describes. */
export class Api extends HttpApi.make("fazt")
  .add(SessionGroup)
  .add(AccountGroup)
  .add(UsersGroup)
  .add(KeysGroup)
  .add(SitesGroup)
  .add(DeploysGroup)
  .add(FilesGroup)
  .add(AppsGroup)
  .add(BlobsGroup)
  .add(EnvGroup)
  .add(LogsGroup)
  .add(KvGroup)
  .add(DocumentsGroup)
  .add(ObjectsGroup)
  .add(ConfigGroup)
  .add(AuditGroup)
  .add(ServerGroup)
  .add(SystemGroup)
  .prefix("/api")
  .annotate(OpenApi.Title, "Fazt API")
  .annotate(OpenApi.Version, version)
  .annotate(OpenApi.Description, "Everything that one Fazt server can be asked by its owner, by the command line and by programs.") {}
