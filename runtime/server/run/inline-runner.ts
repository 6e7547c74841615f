import type { CompiledWebtask, WebtaskSource } from '../../compile/index.ts';
import { loadWebtask, type RunReply, type RunUsage, startRun, startUsage, writesHeaders } from '../../invoke/index.ts';
import type { Runner, RunOrder } from './runner.ts';
import { createVersions, type VersionParts } from './versions.ts';

/** Makes a runner that compiles and runs webtasks in this process: for one user, on their own machine. */
export function createInlineRunner(
  parts: VersionParts<CompiledWebtask> & { readonly fetchText: (url: string) => Promise<string> },
): Runner {
  const versions = createVersions(parts);
  async function run(order: RunOrder): Promise<RunReply | undefined> {
    const { version, request, settings, onlyIfItWritesHeaders, onCompile, onReady } = order;
    const { secrets, meta, params, storage, onMessage = () => undefined } = settings;
    const make = (source: WebtaskSource): Promise<CompiledWebtask> => {
      onCompile();
      return loadWebtask(
        { ...source, fetchText: parts.fetchText },
        { secrets, meta, params, storage },
        { onMessage, onThrow: (sentence) => onMessage(sentence, 50) },
      );
    };
    const webtask = versions.known(version) ?? (await versions.get(version, make));
    if (!onReady() || (onlyIfItWritesHeaders && !writesHeaders(webtask))) return undefined;
    return startRun(webtask, request, settings);
  }

  return {
    prepare: versions.prepare,
    forget: versions.forget,
    run: (order) => (order.onUsage ? measured(() => run(order), order.onUsage) : run(order)),
    close: async () => undefined,
  };
}

/** Has a run tell what it has used, when all of its answer is there or none will be. */
async function measured(
  run: () => Promise<RunReply | undefined>,
  onUsage: (usage: RunUsage) => void,
): Promise<RunReply | undefined> {
  const usage = startUsage();
  const tell = (): void => onUsage(usage());
  try {
    const reply = await run();
    if (reply && !reply.whole) reply.body.once('close', tell);
    else tell();
    return reply;
  } catch (error) {
    tell();
    throw error;
  }
}
