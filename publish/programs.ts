import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, tokTypes } from 'acorn';
import { type BuildOptions, type BuildResult, build, type Plugin } from 'esbuild';
import { LOAD, WRAPPER } from '../runtime/compile/require-kept.ts';

const KIT = fileURLToPath(new URL('../', import.meta.url));

/** What is published under a name of its own, but for `webtask`: a program, the exports of the package, and what Node loads by its file. */
const ENTRIES = {
  'wt-build': 'cli/wt-build.ts',
  index: 'runtime/index.ts',
  harness: 'runtime/harness/index.ts',
  identity: 'runtime/identity/index.ts',
  mocha: 'runtime/harness/mocha.ts',
  'webtask-runtime': 'runtime/harness/webtask-runtime.ts',
  loader: 'runtime/compile/loader.js',
} as const;

/**
 * What every server and most programs need of packages, and comes as many files: Node takes 20 ms for these parts of dynalite in one, and
 * 110 ms as they are. They are dependencies all the same, which bring their licences along.
 */
const INLINED =
  /^(acorn|chokidar|commander|dns-packet|dotenv|ipaddr\.js|lru-cache|prom-client|semver|(dynalite|semver)\/.+)$/;

/** What is native in them stays a package, which package.json therefore pins to the one version that was inlined. */
export const NATIVE = { package: 'classic-level', file: 'classic-level/binding.js' } as const;

/** Packages of CommonJS require what is Node's own. */
const BANNER =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

const COMMON = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  absWorkingDir: KIT,
  conditions: ['webtask-kit-source'],
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'none',
  metafile: true,
  logLevel: 'error',
} as const satisfies BuildOptions;

/**
 * Makes few files of the kit's many, all in one folder: most of the time that a program took to start went into finding
 * and reading them.
 *
 * @param folder - absolute path
 * @returns the names of the files
 */
export async function bundlePrograms(folder: string): Promise<string[]> {
  const made = await Promise.all([bundleExports(folder), bundleWebtask(folder)]);
  return made.flat();
}

/** What several entries have is in files of its own, so that there is one copy of each module. */
async function bundleExports(outdir: string): Promise<string[]> {
  return filesOf(
    await build({
      ...COMMON,
      entryPoints: { ...ENTRIES },
      outdir,
      splitting: true,
      format: 'esm',
      plugins: [packages],
      banner: { js: BANNER },
      chunkNames: 'part-[hash]',
    }),
  );
}

/** One file of all that the program needs, named by what is in it, and one that runs it with what was compiled of it. */
async function bundleWebtask(outdir: string): Promise<string[]> {
  const program = filesOf(
    await build({
      ...COMMON,
      entryPoints: ['publish/webtask.ts'],
      outdir,
      entryNames: '[name]-[hash]',
      outExtension: { '.js': '.cjs' },
      format: 'cjs',
      plugins: [packages],
      define: { 'import.meta.url': '__url' },
      banner: { js: `${WRAPPER[0]} 'use strict'; const __url = require('node:url').pathToFileURL(__filename).href;` },
      footer: { js: WRAPPER[1] },
    }),
  );
  const name = program.find((it) => it.endsWith('.cjs')) ?? '';
  writeFileSync(join(outdir, name), withoutImport(readFileSync(join(outdir, name), 'utf8')));
  const launcher = await build({
    ...COMMON,
    entryPoints: { webtask: 'publish/launch.ts' },
    outdir,
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    define: { PROGRAM: JSON.stringify(name) },
  });
  return [...program, ...filesOf(launcher)];
}

/** As {@link requireKept} takes it: what is as long needs no other source map. */
function withoutImport(code: string): string {
  const starts: number[] = [];
  parse(code, {
    ecmaVersion: 'latest',
    onToken: ({ type, start }) => void (type === tokTypes._import && starts.push(start)),
  });
  return starts.reduce((text, at) => text.slice(0, at) + LOAD + text.slice(at + LOAD.length), code);
}

function filesOf({ metafile }: BuildResult<{ metafile: true }>): string[] {
  return Object.keys(metafile.outputs).map((file) => basename(file));
}

/** Leaves packages where they are but for what is inlined. */
const packages: Plugin = {
  name: 'packages',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, importer, kind }) => {
      if (kind === 'entry-point' || path.startsWith('node:')) return undefined;
      const isInlined = INLINED.test(path) || /[\\/]node_modules[\\/]/.test(importer); // with what these need
      return isInlined ? undefined : { path, external: true };
    });
    onResolve({ filter: /^\.\/binding$/ }, ({ importer }) =>
      basename(dirname(importer)) === NATIVE.package ? { path: NATIVE.file, external: true } : undefined,
    );
  },
};
