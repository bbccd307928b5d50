import { Database, DatabaseOptions } from './index'

export interface TestDatabaseOptions extends DatabaseOptions {
  /** Fills the database once; every test begins with that state. */
  seed?: (database: Database) => Promise<void> | void
}

/** To be called at the top of a test file (or of a `describe`). Returns a database that is reset to its state after `seed` before every test. */
export function useDatabase(options?: TestDatabaseOptions): Database
