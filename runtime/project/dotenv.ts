import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'dotenv';

/**
 * Reads the `.env` file of a project. A missing file has no names.
 *
 * @param folder - absolute path of the project
 */
export function readDotenv(folder: string): Record<string, string> {
  try {
    return parse(readFileSync(join(folder, '.env')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}; // readFileSync throws nothing else
    throw error;
  }
}
