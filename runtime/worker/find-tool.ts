import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Finds a program of the system. Workers have no PATH, which would tell them how this machine is set up, so that it is
 * looked for here.
 *
 * @returns its absolute path; empty where it is not there
 */
export function findTool(name: string): string {
  const { PATH = '/usr/bin:/bin' } = process.env;
  const key = `${name} ${PATH}`;
  const path = found.get(key) ?? look(name, PATH);
  if (path !== '') found.set(key, path);
  return path;
}
const found = new Map<string, string>();

function look(name: string, path: string): string {
  const files = path.split(delimiter).map((folder) => join(folder, name));
  return files.find(isExecutable) ?? '';
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
