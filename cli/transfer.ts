import { homedir } from 'node:os';
import { join } from 'node:path';
import { fail } from '../runtime/errors.ts';
import { loadCertificate, loadKeySet } from '../runtime/token/index.ts';
import {
  exportContainer,
  importWebtasks,
  isComplete,
  readProfile,
  type TransferReport,
} from '../runtime/transfer/index.ts';
import { progress } from './progress.ts';
import { visible } from './visible.ts';

/** Something did not come over. */
const INCOMPLETE = 3;

/** `webtask export`: writes the webtasks of a container into a folder. */
export async function exportTo(
  folder: string,
  options: {
    container: string;
    server: string;
    token?: string;
    secrets?: boolean;
    recipient?: string;
    data: string;
    json?: boolean;
  },
): Promise<void> {
  const { container, token, recipient, data } = options;
  const server = withoutSlash(options.server);
  if (token === undefined) return fail('TRANSFER_WITHOUT_TOKEN', { server });
  const keys = options.secrets ? await sealingKeys(recipient, data) : undefined;
  const show = progress();
  const report = await exportContainer({
    remote: { server, container, token },
    folder,
    keys,
    onProgress: (done, of) => show(`${done} of ${of} webtasks so far`),
  });
  print(report, options.json);
  if (options.json) return;
  const isLeftOut = report.webtasks.some(({ secrets }) => secrets === 'left out');
  if (isLeftOut) console.log('Secrets were left out: --secrets takes them along, sealed to a certificate.');
  console.log(`next: webtask import ${folder} --server <url> --token <token>`);
}

/** `webtask import`: brings webtasks from a folder, or from what a profile of wt-cli can reach, to a server. */
export async function importFrom(
  folder: string | undefined,
  options: {
    profile?: string;
    container?: string;
    server: string;
    token?: string;
    replace?: boolean;
    data: string;
    json?: boolean;
  },
): Promise<void> {
  const { profile, container, token, data } = options;
  const server = withoutSlash(options.server);
  if (token === undefined) return fail('TRANSFER_WITHOUT_TOKEN', { server });
  const show = progress();
  const report = await importWebtasks({
    from: await sourceOf(folder, profile),
    to: { server, container, token },
    replace: options.replace === true,
    loadKeys: () => loadKeySet({ dataFolder: data, env: process.env }),
    onProgress: (done, of) => show(`${done} of ${of} webtasks so far`),
  });
  print(report, options.json);
  if (!options.json) console.log(`next: webtask logs ${report.container} --server ${server}`);
}

async function sourceOf(folder: string | undefined, profile: string | undefined) {
  if (folder !== undefined && profile === undefined) return { folder };
  if (folder !== undefined || profile === undefined) return fail('TRANSFER_SOURCE');
  return { remote: await readProfile(join(homedir(), '.webtask'), profile) };
}

async function sealingKeys(recipient: string | undefined, dataFolder: string) {
  if (recipient === undefined) return loadKeySet({ dataFolder, env: process.env });
  const certificate = await loadCertificate(recipient, '--recipient');
  return { signing: new Map(), current: undefined, certificate, symmetric: undefined };
}

const COLUMNS = ['name', 'code', 'secrets', 'storage', 'cron'] as const;

/** A table of what came over, and a line for each thing that did not. */
function print(report: TransferReport, asJson: boolean | undefined): void {
  if (!isComplete(report)) process.exitCode = INCOMPLETE;
  if (asJson) {
    console.log(JSON.stringify({ ...report, complete: isComplete(report) }, null, 2));
    return;
  }
  const lines = [COLUMNS, ...report.webtasks.map((row) => COLUMNS.map((column) => visible(cell(row[column]))))];
  const widths = COLUMNS.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  for (const line of lines)
    console.log(
      line
        .map((text, at) => text.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  for (const { name, reasons } of report.webtasks) {
    for (const reason of reasons) if (!reason.endsWith(NOT_ASKED)) console.log(visible(`${name}: ${reason}`));
  }
  const { length } = report.webtasks;
  const of = `${length} webtask${length === 1 ? '' : 's'} of ${report.container}`;
  console.log(visible(`${of}: ${report.from} -> ${report.to}${isComplete(report) ? '' : ', not all of it'}`));
}

/** Of all rows alike, one line says it. */
const NOT_ASKED = 'they were not asked for';

function cell(text: string): string {
  return text === 'none' ? '-' : text;
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
