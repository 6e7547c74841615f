import { expect } from 'chai';
import fc from 'fast-check';
import { parseStrictObject } from '../../../runtime/jws/index.ts';

const parse = (text: string) =>
  parseStrictObject(text, 'payload', (why, options) => {
    throw new Refused(why, options);
  });

class Refused extends Error {}

/** Why a text is refused. */
function reason(text: string): string {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof Refused) return error.message;
    throw error;
  }
  throw new Error('expected a refusal, and there was none');
}

const TWICE = 'payload has the member "ten" twice';

describe('JSON that has one reading only', () => {
  it('is parsed as JSON.parse does', () => {
    const text = '{"a":[1,{"b":"x"}],"c":{"b":":{,","a":"\\"}"},"d\\u0065":null,"e":[[],{}],"__proto__":1}';
    expect(parse(text)).to.deep.equal(JSON.parse(text));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), (value) => {
        const any = JSON.stringify(value);
        expect(parse(any)).to.deep.equal(JSON.parse(any));
      }),
    );
  });

  it('is parsed with blanks wherever JSON has them, and with whatever texts hold', () => {
    const text = ' { "a" : [ 1 , { "b"\t: "x" } ]\r\n, "c"\n:\n{ } , ":" : ":" , "\\":" : "\\\\" , "e":"" } ';
    expect(parse(text)).to.deep.equal(JSON.parse(text));
    const symbols = fc.string({ unit: fc.constantFrom('"', '\\', ':', '{', '}', ',', ' ', 'a') });
    fc.assert(
      fc.property(
        fc.dictionary(symbols, fc.oneof(symbols, fc.array(symbols))),
        fc.constantFrom('', ' ', '\t'),
        (value, blank) => {
          const any = JSON.stringify(value, undefined, blank);
          expect(parse(any)).to.deep.equal(JSON.parse(any));
        },
      ),
    );
  });

  it('lets objects beside one another have members of one name', () => {
    const value = { a: { ten: 1 }, b: { ten: 1 }, c: [{ ten: 1 }, { ten: 1 }], ten: 'ten' };
    expect(parse(JSON.stringify(value))).to.deep.equal(value);
  });

  for (const [how, text] of [
    ['plainly', '{"ten":"a","ten":"b"}'],
    ['with the same value', '{"ten":"a","ten":"a"}'],
    ['with blanks between', '{ "ten" : "a" ,\n"ten"\t: "b" }'],
    ['in an escaped spelling', '{"ten":"a","t\\u0065n":"b"}'],
    ['in an escaped spelling with capital digits', '{"\\u0074en":"a","te\\u006E":"b"}'],
    ['with others between', '{"ten":"a","pctx":{"ten":1},"jti":["ten"],"ten":"b"}'],
    ['inside another', '{"pctx":{"ten":"a","ten":"b"}}'],
    ['inside lists', '{"pctx":{"a":[0,[{"b":[],"ten":1,"c":{"ten":1},"ten":2}]]}}'],
    ['after a text that looks like structure', '{"ten":"}{\\"","x":"\\\\","ten":"b"}'],
  ] as const) {
    it(`has no member twice, ${how}, since another reader may keep the other of the two`, () => {
      expect(reason(text)).to.equal(TWICE);
    });
  }

  it('knows a member named __proto__ when it comes twice', () => {
    expect(reason('{"__proto__":1,"__proto__":2}')).to.equal('payload has the member "__proto__" twice');
  });

  it('nests eight deep and no deeper', () => {
    const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
    expect(parse(nested(8))).to.deep.equal(JSON.parse(nested(8)));
    expect(reason(nested(9))).to.equal('payload is nested too deeply');
    expect(reason(`{"a":${'['.repeat(8)}${']'.repeat(8)}}`)).to.equal('payload is nested too deeply');
  });

  for (const text of [
    '',
    '{',
    '{"a":1}x',
    "{'a':1}",
    '{"a":1,}',
    '{"a":NaN}',
    '{"a":01}',
    '\uFEFF{"a":1}',
    '{"a":"\n"}',
  ]) {
    it(`is JSON and nothing near it: ${JSON.stringify(text)} is refused`, () => {
      expect(reason(text)).to.equal('payload is not JSON');
    });
  }

  for (const text of ['null', '1', '"a"', '[]', '[{}]']) {
    it(`is an object: ${text} is refused`, () => {
      expect(reason(text)).to.equal('payload is not a JSON object');
    });
  }
});
