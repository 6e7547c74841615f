import type { CompiledWebtask } from '../../compile/index.ts';
import { loadWebtask, runWebtask, writesHeaders } from '../../invoke/index.ts';
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
    async run({ version, request, settings, onlyIfItWritesHeaders, onCompile, onReady }) {
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
    },
    close: async () => undefined,
  };
}
