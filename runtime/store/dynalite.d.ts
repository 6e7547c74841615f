/**
 * The parts of dynalite that are used here; the package has no types.
 *
 * Its own server answers every error of the files, and every client that goes away, by an exception that nobody can
 * catch. The embedded store therefore calls its parts.
 */
declare module 'dynalite' {
  import type { Server } from 'node:http';
  export default function dynalite(options: import('dynalite/db/index.js').Options): Server;
}

declare module 'dynalite/db/index.js' {
  import type { Readable } from 'node:stream';

  export interface Options {
    /** LevelDB folder; in memory without it. */
    path?: string;
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
  }

  export interface Tables {
    readonly db: {
      open(): Promise<void>;
      /** Waits for what is being written. */
      close(): Promise<void>;
      values(range: object): AsyncIterable<unknown>;
      createValueStream(range: object): Readable;
    };
    readonly tableDb: { put(name: string, table: object, callback: (error: unknown) => void): void };
    getTable(name: string, mustBeActive: false, callback: (error: unknown, table: object) => void): void;
  }

  const db: { create(options: Options): Tables };
  export default db;
}

declare module 'dynalite/actions/*.js' {
  import type { Tables } from 'dynalite/db/index.js';

  /** Carries an operation out. An error that is an answer has a `statusCode` and a `body`. */
  const run: (tables: Tables, input: unknown, callback: (error: unknown, output: unknown) => void) => void;
  export default run;
}

declare module 'dynalite/validations/*.js' {
  const validation: { readonly types: object; readonly custom: unknown };
  export default validation;
}

declare module 'dynalite/validations/index.js' {
  import type { Tables } from 'dynalite/db/index.js';

  const validations: {
    checkTypes(input: unknown, types: object): unknown;
    checkValidations(input: unknown, types: object, custom: unknown, tables: Tables): void;
  };
  export default validations;
}
