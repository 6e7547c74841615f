import type { CompiledWebtask } from '../../compile/index.ts';
import { loadWebtask, runWebtask, startUsage, writesHeaders } from '../../invoke/index.ts';
import type { Runner } from './runner.ts';
import { createVersions, type VersionParts } from './versions.ts';

/** Makes a runner that compiles and runs webtasks in this process: for one user, on their own machine. */
export function createInlineRunner(
  parts: VersionParts<CompiledWebtask> & { readonly fetchText: (url: string) => Promise<string> },
): Runner {
  const versions = createVersions(parts);
  return {
    prepare: versions.prepare,
    forget: versions.forget,
    run: measured(async ({ version, request, settings, onlyIfItWritesHeaders, onCompile, onReady }) => {
      const { secrets, meta, params, storage, onMessage = () => undefined } = settings;
      const webtask = await versions.get(version, (source) => {
        onCompile();
        return loadWebtask(
          { ...source, fetchText: parts.fetchText },
          { secrets, meta, params, storage },
          { onMessage, onThrow: (sentence) => onMessage(sentence, 50) },
        );
      });
      if (!onReady() || (onlyIfItWritesHeaders && !writesHeaders(webtask))) return undefined;
      return runWebtask(webtask, request, settings);
    }),
    close: async () => undefined,
  };
}

/** Has a run tell what it has used, when all of its answer is there or none will be. */
function measured(run: Runner['run']): Runner['run'] {
  return async (order) => {
    const { onUsage } = order;
    if (!onUsage) return run(order);
    const usage = startUsage();
    const tell = (): void => onUsage(usage());
    try {
      const reply = await run(order);
      if (reply && !reply.whole) reply.body.once('close', tell);
      else tell();
      return reply;
    } catch (error) {
      tell();
      throw error;
    }
  };
}
