import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'dotenv';
import { fail } from '../errors.ts';

/**
 * Reads the `.env` file of a project. A missing file has no names.
 *
 * @param folder - absolute path of the project
 * @throws PROJECT_INVALID where the file is there and cannot be read
 */
export function readDotenv(folder: string): Record<string, string> {
  const file = join(folder, '.env');
  try {
    return parse(readFileSync(file));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException; // readFileSync throws nothing else
    if (code === 'ENOENT') return {};
    return fail('PROJECT_INVALID', { file, reason: message }, { cause });
  }
}
