import { fileURLToPath } from 'node:url';

/**
 * Makes one file of all that the program of a worker needs: it starts faster than from many, and a worker that is shut
 * in sees no other file of the kit. CommonJS, which Node starts 10 ms sooner than a module.
 */
export async function bundleProgram(): Promise<Uint8Array> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('./main.worker.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    conditions: ['webtask-kit-source'],
    // The server does what needs these.
    external: ['esbuild', './register.js'],
    legalComments: 'none',
    write: false,
    logLevel: 'error',
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error('esbuild gave no file');
  return file.contents;
}
