/// <reference types="node" />
/** DynamoDB inside the process: a database in a directory or in memory, and clients of the AWS SDK that it answers. */

export interface DatabaseOptions {
  /** Data directory, created if missing; without it: in memory, gone with the process. */
  directory?: string | URL
  /** Acknowledge a write once the disk has it, so that it survives power loss. */
  sync?: boolean
  /** Start time of a clock that only calls move, as a Date or milliseconds since 1970; without it: the machine's clock. */
  clock?: Date | number
  /** How long tables and indexes stay CREATING, UPDATING and DELETING, in milliseconds. */
  transitionDelayMs?: number
  /** Number of shards of a new stream (default as on AWS: four for an on-demand table, one with few provisioned units). */
  streamShards?: number
  /** How stale eventually consistent reads may be, in milliseconds: docs/simulate.md. */
  readStalenessMs?: number
  /** How far global indexes may lag behind, in milliseconds. */
  indexLagMs?: number
  /** How late stream records appear, in milliseconds. */
  streamLagMs?: number
  /** Decides how stale each read is (1). */
  stalenessSeed?: number
  /** Refuse requests beyond the throughput of tables and indexes, as AWS does. */
  enforceThroughput?: boolean
  /** The directory of the buckets for exports and imports: the bucket NAME is its folder NAME. */
  buckets?: string | URL
  /** Called with a line, on this thread's event loop, for events that belong to no call: disk faults and their end, items that an import skips. */
  log?: (line: string) => void
}

export interface Reply {
  /** 200, or the HTTP status that the service sends with the error; 0 if a rule of `simulate` cuts the connection. */
  status: number
  /** DynamoDB's bare type; "" if the status is 200. */
  errorType: string
  /** "" if the status is 200. */
  errorMessage: string
  /** JSON. */
  body: Buffer
  /** By a rule of `simulate`: how long to delay the reply, in milliseconds; else 0. */
  holdMs: number
}

/** Rules for fault injection; docs/simulate.md lists the members of `when` and `then`. */
export interface Rules {
  seed?: number
  rules?: { name?: string; when?: Record<string, unknown>; then: Record<string, unknown> }[]
}

/** For each rule, how many requests it matched, and how many it acted on. */
export interface Simulated {
  seed: number
  rules: { name: string; requests: number; acted: number }[]
}

export interface HandlerOptions {
  /** The region whose ARNs requests may name; by default the one that a request is signed for. */
  region?: string
  /** Milliseconds after which a request fails with a TimeoutError, if a rule of `simulate` delays its reply. */
  requestTimeout?: number
}

/** A `requestHandler` for clients of the AWS SDK. */
export interface Handler {
  handle(request: any, options?: any): Promise<{ response: any }>
  updateHttpClientConfig(key: any, value: any): void
  httpHandlerConfigs(): any
  destroy(): void
}

export interface ClientConfig {
  region: string
  endpoint: string
  credentials: { accessKeyId: string; secretAccessKey: string }
  signer: any
  requestHandler: any
}

/** An error that DynamoDB returns. `name` is its bare type, `body` the whole error. */
export class OperationError extends Error {
  readonly status: number
  readonly body: any
}

export class Database {
  /** Throws an Error with one line if the directory is held by another process, damaged or not Stator's. */
  constructor(options?: DatabaseOptions)
  /** Closes the database when all running calls have ended, or at once if there are none. The promise is then fulfilled, and the directory may be
   * opened again. Later calls throw. */
  close(): Promise<void>
  [Symbol.dispose](): void
  [Symbol.asyncDispose](): Promise<void>
  /** Calls an operation; request and reply are objects: `await database.call("GetItem", {TableName, Key: {pk: {S: "a"}}})`. Rejects with
   * OperationError, and like a reset connection if a rule of `simulate` cuts it. */
  call(operation: string, request?: object): Promise<any>
  /** Makes one request as an SDK sends it: `target` is the operation or X-Amz-Target. Never rejects because of what the request contains. */
  request(target: string, body: string | Uint8Array, region?: string): Promise<Reply>
  /** Saves the whole database as it is now, replacing an earlier snapshot of that name. */
  saveSnapshot(name: string): void
  restoreSnapshot(name: string): void
  dropSnapshot(name: string): void
  /** The names of the snapshots, sorted. */
  snapshots(): string[]
  /** Restores the snapshot "start" if it exists; else empties the database. */
  reset(): void
  /** Injects faults by rules and a seed, replacing earlier rules; without an argument the rules are removed. Throws if they are invalid, saying why. */
  simulate(rules?: Rules | string | null): void
  simulated(): Simulated
  /** The database's time. */
  readonly clock: Date
  /** Moves the clock of a database opened with one. Everything that became due is done when it returns. */
  setClock(moment: Date | number): void
  advanceClock(byMs: number): void
  /** For a client of the AWS SDK: `new DynamoDBClient({...config, requestHandler: database.handler()})`. */
  handler(options?: HandlerOptions): Handler
  /** A complete configuration for a client: `new DynamoDBClient(database.clientConfig())`. Requests are not signed. */
  clientConfig(options?: HandlerOptions): ClientConfig
  /** Makes this database answer an existing client of the AWS SDK v3; for a document client, also the client that it wraps. The client needs a
   * region, but no credentials. Returns it. */
  attach<Client extends { config: any }>(client: Client, options?: HandlerOptions): Client
  /** Makes this database answer all clients of these classes (`DynamoDBClient`, `DynamoDBDocumentClient`, …), whoever creates them, until `restore`
   * is called: for code that creates its own clients. If there are several, the innermost answers; clients with a `clientConfig`, a `handler` or
   * `attach` keep their database. */
  everywhere(...classes: { prototype: any }[]): Everywhere
}

export interface Everywhere {
  /** Lets the clients go where they went before. */
  restore(): void
  [Symbol.dispose](): void
}

/** The process's own database in memory, created on first use. */
export function defaultDatabase(): Database
/** `defaultDatabase().handler(options)` */
export function handler(options?: HandlerOptions): Handler
/** `defaultDatabase().clientConfig(options)` */
export function clientConfig(options?: HandlerOptions): ClientConfig
export const version: string
