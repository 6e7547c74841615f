import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type Origin, startOrigin } from './origin.ts';

/** A package of the stand-in. */
export interface FakePackage {
  readonly name: string;
  readonly version: string;
  /** Its index.js. */
  readonly code: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  /** Added to its package.json. */
  readonly more?: object;
  /** Whether its bytes are others than the registry says. */
  readonly isDamaged?: boolean;
  /** Files beside its index.js. */
  readonly files?: Readonly<Record<string, string>>;
  /** Where its bytes are said to be. */
  readonly tarball?: string;
  /** Where who asks for its bytes is sent. */
  readonly movedTo?: string;
  /** Milliseconds until its bytes are sent. */
  readonly delayMs?: number;
}

/** Starts a stand-in for the npm registry, which has these packages only. */
export async function startRegistry(packages: readonly FakePackage[]): Promise<Origin> {
  const tarballs = new Map(packages.map((it) => [pathOf(it), packPackage(it)]));
  const registry = await startOrigin((req, res) => {
    const path = decodeURIComponent(req.url ?? '').replace(/\?.*/, '');
    const tarball = tarballs.get(path);
    const versions = packages.filter(({ name }) => `/${name}` === path);
    const movedTo = tarball && packages.find((it) => path === pathOf(it))?.movedTo;
    if (movedTo) res.writeHead(302, { Location: movedTo }).end();
    else if (tarball) setTimeout(() => res.end(tarball), delayOf(path));
    else if (versions.length === 0) res.writeHead(404, { 'Content-Type': 'application/json' }).end('{}');
    else res.setHeader('Content-Type', 'application/json').end(JSON.stringify(packumentOf(versions)));
  });

  function delayOf(path: string): number {
    return packages.find((it) => path === pathOf(it))?.delayMs ?? 0;
  }

  function packumentOf(versions: readonly FakePackage[]): object {
    const name = versions[0]?.name ?? '';
    const described = versions.map((it) => {
      const path = pathOf(it);
      const bytes = it.isDamaged ? 'other bytes' : (tarballs.get(path) ?? '');
      const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
      return [
        it.version,
        { ...manifestOf(it), dist: { tarball: it.tarball ?? `${registry.origin}${path}`, integrity } },
      ];
    });
    return { name, 'dist-tags': { latest: versions.at(-1)?.version }, versions: Object.fromEntries(described) };
  }
  return registry;
}

function manifestOf({ name, version, dependencies = {}, files, more }: FakePackage): object {
  const _hasShrinkwrap = files !== undefined && 'npm-shrinkwrap.json' in files;
  return { name, version, dependencies, ...(_hasShrinkwrap && { _hasShrinkwrap }), ...more };
}

function pathOf({ name, version }: FakePackage): string {
  return `/${name}/-/${version}.tgz`;
}

/** The bytes of a package. */
export function packPackage(it: FakePackage): Buffer {
  const files = [
    entry('package/package.json', JSON.stringify(manifestOf(it))),
    entry('package/index.js', it.code),
    ...Object.entries(it.files ?? {}).map(([name, text]) => entry(`package/${name}`, text)),
    Buffer.alloc(1024),
  ];
  return gzipSync(Buffer.concat(files));
}

/** One file of a tar archive: a header of 512 bytes, and its text in blocks of 512. */
function entry(name: string, text: string): Buffer {
  const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, '0')}\0`;
  const content = Buffer.from(text);
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(octal(0o644, 8), 100);
  header.write(octal(0, 8) + octal(0, 8), 108);
  header.write(octal(content.length, 12), 124);
  header.write(octal(0, 12), 136);
  header.write('        0', 148); // the checksum counts as spaces, then the type: a file
  header.write('ustar\u000000', 257);
  header.write(
    octal(
      header.reduce((sum, byte) => sum + byte, 0),
      7,
    ),
    148,
  );
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}
