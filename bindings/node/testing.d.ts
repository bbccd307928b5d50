import { Database, DatabaseOptions } from './index'

export interface TestDatabaseOptions extends DatabaseOptions {
  /** Fills the database once; every test begins with that. */
  seed?: (database: Database) => Promise<void> | void
}

/** To be called at the top of a test file (or of a `describe`): a database that every test finds as it was after `seed`. */
export function useDatabase(options?: TestDatabaseOptions): Database
