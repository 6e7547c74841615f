import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the kit itself: the sources and the compiled programs are at different depths in it. */
export function kitFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** The version of the kit. */
export function version(): string {
  return (JSON.parse(readFileSync(join(kitFolder(), 'package.json'), 'utf8')) as { version: string }).version;
}
