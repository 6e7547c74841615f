import { deflateSync } from 'node:zlib';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  createStatusList,
  decodeStatusList,
  STATUS,
  type StatusBits,
} from '../../../../runtime/identity/status-list/status-list.ts';
import { refusalIn as refusal } from '../../../support/refusal.ts';

/** Of a list with these statuses, in turn. */
function encode(bits: StatusBits, statuses: readonly number[]) {
  const list = createStatusList(statuses.length, bits);
  for (const [index, status] of statuses.entries()) list.set(index, status);
  return list.encode();
}

describe('a status list', () => {
  it('is encoded as the draft has it: the lowest bits of a byte first, then zlib at its best', () => {
    expect(encode(1, [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1])).to.deep.equal({
      bits: 1,
      lst: 'eNrbuRgAAhcBXQ',
    });
    expect(encode(2, [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3])).to.deep.equal({ bits: 2, lst: 'eNo76fITAAPfAgc' });
  });

  it('says after it was encoded and decoded what was set, for every size of status', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<StatusBits>(1, 2, 4, 8),
        fc.array(fc.nat(255), { minLength: 1, maxLength: 100 }),
        (bits, raw) => {
          const statuses = raw.map((it) => it % 2 ** bits);
          const list = decodeStatusList(encode(bits, statuses));
          expect(statuses.map((_, index) => list.get(index))).to.deep.equal(statuses);
        },
      ),
    );
  });

  it('holds a million tokens, all valid until one is set, in 2.2 KB where a thousand are invalid', () => {
    const list = createStatusList(1_000_000);
    for (let index = 0; index < 1_000_000; index += 1000) list.set(index, STATUS.invalid);
    expect(list.get(5000)).to.equal(STATUS.invalid);
    expect(list.get(5001)).to.equal(STATUS.valid);
    expect(list.encode().lst.length).to.be.below(2200);
  });

  it('has no status for an index beyond it, since no answer would be true', () => {
    const list = createStatusList(8);
    for (const index of [8, -1, 1.5, Number.NaN]) {
      expect(refusal(() => list.get(index))).to.include({
        code: 'STATUS_INDEX_OUT_OF_RANGE',
        message: `The status list has 8 statuses, and none at index ${index}.`,
      });
    }
  });

  it('takes no status that its bits cannot hold', () => {
    expect(refusal(() => createStatusList(8, 2).set(0, 4))).to.include({
      code: 'STATUS_LIST_INVALID',
      message: 'The status list cannot be used: 4 is no status of 2 bits.',
    });
    expect(refusal(() => createStatusList(0))).to.include({
      code: 'STATUS_LIST_INVALID',
      message: 'The status list cannot be used: it cannot have 0 statuses of 1 bits.',
    });
  });
});

describe('a status list of somebody else', () => {
  const zipBomb = deflateSync(Buffer.alloc(64 << 20)).toString('base64url');
  const cases: [what: string, claim: unknown, reason: string][] = [
    ['no object', 'eNrbuRgAAhcBXQ', 'its bits are not 1, 2, 4 or 8'],
    ['nothing', undefined, 'its bits are not 1, 2, 4 or 8'],
    ['three bits', { bits: 3, lst: 'eNrbuRgAAhcBXQ' }, 'its bits are not 1, 2, 4 or 8'],
    ['bits as text', { bits: '1', lst: 'eNrbuRgAAhcBXQ' }, 'its bits are not 1, 2, 4 or 8'],
    ['no bytes', { bits: 1 }, 'its lst is not base64url'],
    ['padding', { bits: 1, lst: 'eNrbuRgAAhcBXQ==' }, 'its lst is not base64url'],
    ['what is not zlib', { bits: 1, lst: 'AAAA' }, 'its lst cannot be decompressed'],
    ['bytes cut off', { bits: 1, lst: 'eNrbuRgAAhc' }, 'its lst cannot be decompressed'],
    ['64 MiB in a few bytes', { bits: 1, lst: zipBomb }, 'its lst cannot be decompressed'],
  ];
  for (const [what, claim, reason] of cases) {
    it(`is refused: ${what}`, () => {
      expect(refusal(() => decodeStatusList(claim))).to.include({
        code: 'STATUS_LIST_INVALID',
        message: `The status list cannot be used: ${reason}.`,
      });
    });
  }
});
