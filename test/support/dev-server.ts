import { join } from 'node:path';
import { listWebtasks } from '../../runtime/project/index.ts';
import { type DevServer, openDevRunner, startDevServer } from '../../runtime/server/dev/index.ts';
import { createMemoryStore } from '../../runtime/store/index.ts';
import { readLimits } from '../../runtime/worker/index.ts';
import { createProject, type TestProject } from './project.ts';
import { type Answer, ask, type Question } from './server.ts';
import { until } from './until.ts';

/** What a browser says of itself. */
export const BROWSER = { headers: { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } };

/** Starts a development server for each test of a describe, in a project of its own with one secret. */
export function useDevServer(isolation: 'inline' | 'process') {
  let project: TestProject;
  const openRunner = () =>
    openDevRunner({
      isolation,
      folder: project.folder,
      otherFolders: [],
      limits: readLimits({}),
      limitMs: 1_000,
      documents: createMemoryStore(),
      onOutput: (text) => void lines.push(text),
    });
  let server: DevServer;
  let lines: string[];
  beforeEach(async () => {
    project = createProject({ '.env': 'API_KEY=sk_live_12345\nWEBTASK_PORT=1\n' });
    lines = [];
    server = await startDevServer({
      files: () => listWebtasks(join(project.folder, 'webtasks')),
      port: 0,
      runner: await openRunner(),
      onLine: (line) => void lines.push(line),
    });
  });
  afterEach(async () => {
    await server.close();
    project.remove();
  });

  const write = (name: string, code: string) => project.write(`webtasks/${name}`, code);
  const get = (path: string, question?: Question) => ask(server.url + path, question);
  /** What was printed, times left out, once the line of a request was. */
  const printed = async (last: RegExp): Promise<string[]> => {
    await until(() => lines.some((line) => last.test(line)));
    return lines.map(
      (line) =>
        line
          .replace(/\d+ ms$/, 'N ms')
          .replaceAll(project.folder, '')
          .split('\n')[0] ?? '',
    );
  };
  const page = ({ status, headers, body }: Answer) => ({
    status,
    type: headers['content-type'],
    source: headers['x-wt-response-source'],
    title: /<title>(.*)<\/title>/s.exec(body)?.[1],
    heading: /<h1>(.*)<\/h1>/s.exec(body)?.[1],
    details: /<pre>(.*)<\/pre>/s.exec(body)?.[1]?.split('\n')[0]?.replaceAll(project.folder, ''),
    last: /<p>(.*)<\/p>/s.exec(body)?.[1],
  });
  return {
    get project() {
      return project;
    },
    get server() {
      return server;
    },
    get lines(): string[] {
      return lines;
    },
    openRunner,
    write,
    get,
    printed,
    page,
  };
}
