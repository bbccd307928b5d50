/// <reference types="node" />
/** DynamoDB inside the process: a database on a directory or in memory, and clients of the AWS SDK that it answers. */

export interface DatabaseOptions {
  /** Data directory, created where it is missing; without it: in memory, gone with the process. */
  directory?: string | URL
  /** Acknowledge a write when the disk has it: it then survives power loss. */
  sync?: boolean
  /** Where the database's clock stands until it is moved, as a Date or milliseconds since 1970; without it: the machine's. */
  clock?: Date | number
  /** How long tables and indexes stay CREATING, UPDATING and DELETING, in milliseconds. */
  transitionDelayMs?: number
  /** Into how many shards new streams are split (as on AWS: four for a table on demand, one with few provisioned units). */
  streamShards?: number
  /** How old the state may be that an eventually consistent read sees, in milliseconds: docs/simulate.md. */
  readStalenessMs?: number
  /** How far global indexes may be behind, in milliseconds. */
  indexLagMs?: number
  /** How late stream records appear, in milliseconds. */
  streamLagMs?: number
  /** Decides how old that state is (1). */
  stalenessSeed?: number
  /** Refuse what is beyond the throughput of tables and indexes, as on AWS. */
  enforceThroughput?: boolean
  /** Where exports go and imports come from: the bucket NAME is the folder NAME in it. */
  buckets?: string | URL
  /** Called with a line, on this thread's event loop, of what no call waits for: faults of the disk and their end, items that an import leaves out. */
  log?: (line: string) => void
}

export interface Reply {
  /** 200, or the HTTP status that the service sends with the error; 0 where a rule of `simulate` cuts the connection. */
  status: number
  /** DynamoDB's bare type; "" where the status is 200. */
  errorType: string
  /** "" where the status is 200. */
  errorMessage: string
  /** JSON. */
  body: Buffer
  /** By a rule of `simulate`: for how long to hold it back, in milliseconds; else 0. */
  holdMs: number
}

/** Rules by which requests go wrong; docs/simulate.md tells what may stand in `when` and `then`. */
export interface Rules {
  seed?: number
  rules?: { name?: string; when?: Record<string, unknown>; then: Record<string, unknown> }[]
}

/** Of each rule how many requests it was for, and how many it did something to. */
export interface Simulated {
  seed: number
  rules: { name: string; requests: number; acted: number }[]
}

export interface HandlerOptions {
  /** The region whose ARNs requests may name; without it the one that a request is signed for. */
  region?: string
  /** After so many milliseconds a request fails with a TimeoutError, where a rule of `simulate` holds its reply back. */
  requestTimeout?: number
}

/** What the AWS SDK's clients take as `requestHandler`. */
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

/** What DynamoDB answers instead of a result. `name` is its bare type, `body` the whole error. */
export class OperationError extends Error {
  readonly status: number
  readonly body: any
}

export class Database {
  /** Throws an Error with one line where the directory is held by another process, damaged or not Stator's. */
  constructor(options?: DatabaseOptions)
  /** Closes it once the calls under way have ended, which is when the promise is fulfilled and the directory may be opened again; at once where there
   * are none. Later calls throw. */
  close(): Promise<void>
  [Symbol.dispose](): void
  [Symbol.asyncDispose](): Promise<void>
  /** One operation, objects in and out: `await database.call("GetItem", {TableName, Key: {pk: {S: "a"}}})`. Rejects with OperationError, and as a
   * connection that was reset where a rule of `simulate` cuts it. */
  call(operation: string, request?: object): Promise<any>
  /** One request as an SDK sends it: `target` is the operation or X-Amz-Target. Never rejects for what the request contains. */
  request(target: string, body: string | Uint8Array, region?: string): Promise<Reply>
  /** Saves the whole database as it is now, in the place of an earlier snapshot of that name. */
  saveSnapshot(name: string): void
  restoreSnapshot(name: string): void
  dropSnapshot(name: string): void
  /** Their names, sorted. */
  snapshots(): string[]
  /** Restores the snapshot "start" where there is one; else the database is empty. */
  reset(): void
  /** Lets requests go wrong by rules and a seed, in the place of earlier rules; without any, nothing does. Throws with what is wrong with them. */
  simulate(rules?: Rules | string | null): void
  simulated(): Simulated
  /** The database's time. */
  readonly clock: Date
  /** Moves the clock of a database that was opened with one. What has become due is done when it returns. */
  setClock(moment: Date | number): void
  advanceClock(byMs: number): void
  /** For a client of the AWS SDK: `new DynamoDBClient({...config, requestHandler: database.handler()})`. */
  handler(options?: HandlerOptions): Handler
  /** All that a client needs: `new DynamoDBClient(database.clientConfig())`; requests are then not signed. */
  clientConfig(options?: HandlerOptions): ClientConfig
  /** Answers a client of the AWS SDK v3 that is there already, whatever it was made for; of a document client the client beneath, too. It needs a region as ever,
   * but no credentials. Returns it. */
  attach<Client extends { config: any }>(client: Client, options?: HandlerOptions): Client
  /** Answers all clients of these classes (`DynamoDBClient`, `DynamoDBDocumentClient`, …), whoever made or makes them, until `restore` is called: for code
   * that makes its own. Of several the innermost answers, and clients with a `clientConfig`, a `handler` or `attach` keep theirs. */
  everywhere(...classes: { prototype: any }[]): Everywhere
}

export interface Everywhere {
  /** Lets the clients go where they would have gone. */
  restore(): void
  [Symbol.dispose](): void
}

/** The process's own database in memory, made when it is first asked for. */
export function defaultDatabase(): Database
/** `defaultDatabase().handler(options)` */
export function handler(options?: HandlerOptions): Handler
/** `defaultDatabase().clientConfig(options)` */
export function clientConfig(options?: HandlerOptions): ClientConfig
export const version: string
