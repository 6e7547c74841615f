import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildResult, build, type Plugin } from 'esbuild';

const KIT = fileURLToPath(new URL('../', import.meta.url));

/** What is published under a name of its own: programs, the exports of the package, and what Node loads by its file. */
const ENTRIES = {
  webtask: 'cli/webtask.ts',
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
const INLINED = /^(acorn|commander|dns-packet|dotenv|ipaddr\.js|lru-cache|prom-client|semver|(dynalite|semver)\/.+)$/;

/** What is native in them stays a package, which package.json therefore pins to the one version that was inlined. */
export const NATIVE = { package: 'classic-level', file: 'classic-level/binding.js' } as const;

/** Packages of CommonJS require what is Node's own. */
const BANNER =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

/**
 * Makes few files of the kit's many, all in one folder: most of the time that a program took to start went into finding
 * and reading them. What several entries have is in files of its own, so that there is one copy of each module.
 *
 * @param folder - absolute path
 * @returns what is in which file
 */
export async function bundlePrograms(folder: string): Promise<BuildResult<{ metafile: true }>> {
  return build({
    entryPoints: Object.fromEntries(Object.entries(ENTRIES).map(([name, file]) => [name, join(KIT, file)])),
    outdir: folder,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    conditions: ['webtask-kit-source'],
    plugins: [packages],
    banner: { js: BANNER },
    chunkNames: 'part-[hash]',
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    metafile: true,
    logLevel: 'error',
  });
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
