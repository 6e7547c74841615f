import { expect } from 'chai';
import { createProject, type TestProject } from '../../support/project.ts';

/** Debugs the main thread as an editor does: knows a file and a line, and finds the rest in what the inspector says. */
const EDITOR = `
import { Session } from 'node:inspector/promises';
import { SourceMap } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

const { url, line, expression } = workerData;
parentPort.on('message', () => undefined); // keeps this thread alive
const session = new Session();
session.connectToMainThread();

const generatedLine = async (scriptId, sourceMapURL) => {
  const payload = JSON.parse(Buffer.from(sourceMapURL.split(',')[1], 'base64'));
  if (payload.sources.length !== 1 || new URL(payload.sources[0], url).href !== url) throw new Error(payload.sources);
  const { scriptSource } = await session.post('Debugger.getScriptSource', { scriptId });
  const map = new SourceMap(payload);
  return scriptSource.split('\\n').findIndex((text, number) => {
    const entry = map.findEntry(number, text.search(/\\S/));
    return entry.generatedLine === number && entry.originalLine === line - 1;
  });
};
const setBreakpoint = async (lineNumber) => {
  await session.post('Debugger.setBreakpointByUrl', { url, lineNumber });
  parentPort.postMessage({ isSet: true });
};
session.on('Debugger.scriptParsed', async ({ params }) => {
  if (params.url === url && params.sourceMapURL) {
    await setBreakpoint(await generatedLine(params.scriptId, params.sourceMapURL));
  }
});
session.on('Debugger.paused', async ({ params: { callFrames: [frame], hitBreakpoints } }) => {
  const { callFrameId, functionName } = frame;
  const { result } = await session.post('Debugger.evaluateOnCallFrame', { callFrameId, expression });
  parentPort.postMessage({ hit: { breakpoints: hitBreakpoints.length, functionName, value: result.value } });
  await session.post('Debugger.resume');
});
await session.post('Debugger.enable');
if (url.endsWith('.js')) await setBreakpoint(line - 1); // bound when the file is loaded
else parentPort.postMessage({ isReady: true });
`;

const DEBUGGED = `
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { webtask } from 'webtask-kit/harness';

const [file, line, expression] = process.env.BREAKPOINT.split('|');
const url = pathToFileURL(file).href;
const editor = new Worker(new URL('./editor.js', import.meta.url), {
  workerData: { url, line: Number(line), expression },
  execArgv: [],
});
const hits = [];
let whenSet = new Promise((resolve) => {
  editor.on('message', ({ isSet, hit }) => {
    if (isSet) resolve();
    if (hit) hits.push(hit);
  });
});
await once(editor, 'message');
const task = await webtask(file);
await whenSet;
const { json } = await task.get('/?name=Ada');
await new Promise((resolve) => setImmediate(resolve));
console.log(JSON.stringify({ json, hits }));
await editor.terminate();
`;

describe('a breakpoint that an editor sets by file and line', () => {
  let project: TestProject;
  before(() => {
    project = createProject({
      'editor.js': EDITOR,
      'debugged.js': DEBUGGED,
      'webtasks/hello.js': `// A comment.
const prefix = 'Hello, ';
module.exports = function hello(context, callback) {
  const text = prefix + context.query.name;
  callback(null, text);
};
`,
      'webtasks/typed.ts': `interface Greeting {
  text: string;
}

type Callback = (error: unknown, greeting: Greeting) => void;

export default function hello({ query }: { query: { name: string } }, callback: Callback): void {
  const greeting: Greeting = {

    text: \`Hello, \${query.name}\`,
  };
  callback(null, greeting);
}
`,
    });
  });
  after(() => project.remove());

  for (const [what, breakpoint, value, json] of [
    ['JavaScript', 'webtasks/hello.js|5|text', 'Hello, Ada', 'Hello, Ada'],
    ['TypeScript, through its source map', 'webtasks/typed.ts|12|greeting.text', 'Hello, Ada', { text: 'Hello, Ada' }],
  ] as const) {
    it(`stops a webtask in ${what}, with its variables in reach`, async () => {
      const { stdout, stderr } = await project.node('debugged.js', { BREAKPOINT: breakpoint });
      expect(stderr).to.equal('');
      expect(JSON.parse(stdout)).to.deep.equal({
        json,
        hits: [{ breakpoints: 1, functionName: 'hello', value }],
      });
    });
  }
});
