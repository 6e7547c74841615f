import { SourceMap } from 'node:module';
import { expect } from 'chai';
import { transformSync } from 'esbuild';
import fc from 'fast-check';
import { insertStatement, joinMaps, type SourceMapJson, takeMap, withMap } from '../../../runtime/build/bundle-map.ts';
import { decodeSegment, encodeSegment } from '../../../runtime/build/vlq.ts';

const typescript = (text: string, sourcefile: string) =>
  transformSync(text, { loader: 'ts', format: 'cjs', sourcemap: 'external', sourcesContent: false, sourcefile });

/** Where a text says that a line is from: file and line, both from 1. */
function originOf(map: SourceMapJson, line: number, column = 0): string {
  const entry = new SourceMap({
    ...map,
    sources: [...map.sources],
    names: [...map.names],
    file: '',
  } as never).findEntry(line - 1, column);
  return 'originalLine' in entry ? `${entry.originalSource}:${entry.originalLine + 1}` : 'unknown';
}

describe('the segments of a source map', () => {
  it('are read as they are written, and written as esbuild writes them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -(2 ** 30), max: 2 ** 30 }), { minLength: 1, maxLength: 5 }),
        (numbers) => {
          expect(decodeSegment(encodeSegment(numbers))).to.deep.equal(numbers);
        },
      ),
    );
    const { mappings } = JSON.parse(
      typescript('const a: number = 1;\nlet b = a as any;\n', 'a.ts').map,
    ) as SourceMapJson;
    for (const segment of mappings.split(/[;,]/)) expect(encodeSegment(decodeSegment(segment))).to.equal(segment);
  });
});

describe('the source map of a bundle', () => {
  it('names file and line of both parts, of which the first is as its author wrote it', () => {
    const first = takeMap('a();\nb();\nc();', false, 'webtasks/pay.js');
    const { code, map } = typescript('interface A { b: 1 }\n\nexport const b = (): number => 1;\n', 'lib/b.ts');
    const joined = joinMaps(first.map, JSON.parse(map) as SourceMapJson, 5);
    for (const line of [1, 2, 3]) expect(originOf(joined, line)).to.equal(`webtasks/pay.js:${line}`);
    const at = code.split('\n').findIndex((it) => it.startsWith('const b'));
    expect(originOf(joined, 5 + at + 1, 6)).to.equal('lib/b.ts:3');
  });

  it('names them as well where the first part was translated', () => {
    const text = "import { b } from './b.ts';\n\ninterface C { d: 1 }\nexport const used: number = b();\n";
    const inline = transformSync(text, { loader: 'ts', format: 'cjs', sourcemap: 'inline', sourcefile: 'pay.ts' });
    const first = takeMap(inline.code, true, 'webtasks/pay.ts');
    expect(first.code).to.not.include('sourceMappingURL');
    const { code, map } = typescript('\n\nexport const b = 1;\n', 'lib/b.ts');
    const second = JSON.parse(map) as SourceMapJson;
    const length = first.code.split('\n').length;
    const joined = joinMaps(first.map, second, length + 1);
    const used = first.code.split('\n').findIndex((it) => it.startsWith('const used'));
    expect(originOf(joined, used + 1, 6)).to.equal('webtasks/pay.ts:4');
    const at = code.split('\n').findIndex((it) => it.startsWith('const b'));
    expect(originOf(joined, length + 1 + at + 1, 6)).to.equal('lib/b.ts:3');
    expect(withMap('x', joined)).to.match(/^x\n\/\/# sourceMappingURL=data:application\/json;base64,[\w+/=]+\n$/);
  });
});

describe('a statement that is put before a script', () => {
  for (const [what, code, expected] of [
    ['behind its directives', "'use latest';\n'use strict';\na();", "'use latest';\n'use strict';;X;\na();"],
    ['behind one without a semicolon', "'use latest'\na();", "'use latest';X;\na();"],
    ['behind comments and a hashbang', '#!/usr/bin/env node\n// one\na();', '#!/usr/bin/env node\n// one\nX;a();'],
    ['before a return', 'return 1;', 'X;return 1;'],
  ] as const) {
    it(`is ${what}, on a line that is there`, () => {
      expect(insertStatement(code, 'X;', 'pay.js')).to.equal(expected);
    });
  }
});
