import { fetchTextAnywhere } from '../../code/fetch-text.ts';
import { createStorage } from '../../context/index.ts';
import { loadWebtask, runWebtask } from '../../invoke/index.ts';
import { CONTAINER, type DevRunner, type DevRunnerParts, settingsOf } from './dev-runner.ts';
import { keepModulesFresh } from './fresh-modules.ts';

/** Makes a runner that compiles and runs webtasks in this process. */
export async function openInlineDevRunner(parts: DevRunnerParts): Promise<DevRunner> {
  const forgetModules = await keepModulesFresh(parts.folder);
  const storageOf = (name: string) => createStorage(async () => parts.documents, CONTAINER, name);
  return {
    async load(webtask) {
      const { name, code, file, settings, onLine } = webtask;
      const given = { ...settings, storage: storageOf(name) };
      const compiled = await loadWebtask({ code, file, fetchText: fetchTextAnywhere }, given, { onLine });
      const fixed = settingsOf(webtask, parts);
      return (request) => runWebtask(compiled, request, { ...fixed, storage: storageOf(name), onLine });
    },
    reload: forgetModules,
    close: async () => undefined,
  };
}
