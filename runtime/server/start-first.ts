import { mkdirSync } from 'node:fs';
import type { Isolation } from '../worker/choose-isolation.ts';
import { readLimits } from '../worker/limits/limits.ts';
import { openStarter, type StartOne } from '../worker/open-starter.ts';
import { type Ahead, startAhead } from '../worker/start-ahead.ts';
import { networkPolicy, type ServerOptions, workerUsers } from './options.ts';
import { hiddenFolders, modulesFolder } from './run/modules-folder.ts';

/** The first worker of a server, and what it is shut in with. */
export interface FirstWorker extends Ahead {
  readonly mode: Exclude<Isolation, 'inline'>;
}

/**
 * Starts the first worker of a server: it gets ready while the rest of the server is loaded and opened, and where it
 * does, nobody need try whether workers can be shut in.
 *
 * @returns nothing where webtasks run in the server's own process
 */
export function startFirst(options: ServerOptions): FirstWorker | undefined {
  const mode = options.isolation ?? 'sandbox';
  if (mode === 'inline') return undefined;
  let starter: StartOne | undefined;
  const open = (): StartOne => {
    const { dataFolder, env, folder, onLine } = options;
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 }); // as who opens the store would
    return openStarter({
      mode,
      readable: [modulesFolder(dataFolder, mode)],
      shown: folder === undefined ? undefined : { folder, hidden: hiddenFolders(dataFolder, folder) },
      users: workerUsers(options),
      limits: readLimits(env),
      network: networkPolicy(options),
      onOutput: onLine,
    });
  };
  const ahead = startAhead(async (onIdle) => {
    starter ??= open();
    return starter(onIdle);
  });
  return { ...ahead, mode };
}
