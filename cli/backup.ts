import { backUp, restore as restoreBackup } from '../runtime/backup/index.ts';
import { progress } from './progress.ts';

/** `webtask backup`: copies the store into one file, while servers work with it. */
export async function backup(
  file: string,
  options: { data: string; withKeys?: boolean; json?: boolean },
): Promise<void> {
  const show = progress();
  const report = await backUp({
    dataFolder: options.data,
    env: process.env,
    file,
    withKeys: options.withKeys === true,
    now: Date.now(),
    onItems: (items) => show(`${items} items so far`),
  });
  if (options.json) return console.log(JSON.stringify(report));
  console.log(`${report.items} items are in ${file} (${Math.ceil(report.bytes / 1024)} KB)`);
  if (report.withKeys) console.log('It holds the keys of the cluster: who has it can sign tokens and open secrets.');
  else console.log('It holds no keys: keep those of the cluster too, without which its tokens are of no use.');
  console.log(`next: webtask restore ${file} --data <empty folder>`);
}

/** `webtask restore`: writes a backup into an empty store. */
export async function restore(file: string, options: { data: string; json?: boolean }): Promise<void> {
  const show = progress();
  const report = await restoreBackup({
    dataFolder: options.data,
    env: process.env,
    file,
    now: Date.now(),
    onItems: (items, of) => show(`${items} of ${of} items so far`),
  });
  if (options.json) return console.log(JSON.stringify(report));
  console.log(`${report.items} items of ${report.madeAt} are in the store${report.withKeys ? ', and the keys' : ''}`);
  if (!report.withKeys)
    console.log('It held no keys: its tokens are good where the server has those that signed them.');
  console.log(`next: webtask serve --data ${options.data}`);
}
