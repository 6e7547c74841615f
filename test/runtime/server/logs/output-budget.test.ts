import { expect } from 'chai';
import { createOutputBudget } from '../../../../runtime/server/logs/index.ts';

describe('the budget of what a container prints', () => {
  it('is twice what a worker may print, so that a second one can say why the first was ended', () => {
    const output = createOutputBudget(10, () => 0);
    expect([10, 10, 1, 1].map((length) => output.take('dev', length))).to.deep.equal([
      'shown',
      'shown',
      'last',
      'over',
    ]);
  });

  it('is of each container its own', () => {
    const output = createOutputBudget(10, () => 0);
    expect([output.take('dev', 21), output.take('other', 20)]).to.deep.equal(['last', 'shown']);
  });

  it('is there again when half of it was printed long ago, so that not each line that fits is followed by the notice', () => {
    let now = 0;
    const output = createOutputBudget(10, () => now);
    const at = (ms: number, length: number): string => {
      now = ms;
      return output.take('dev', length);
    };
    expect(at(0, 5)).to.equal('shown');
    expect(at(5_000, 15)).to.equal('shown');
    expect(at(6_000, 1)).to.equal('last');
    expect(at(11_000, 1)).to.equal('over'); // the first five would be free
    expect(at(15_000, 20)).to.equal('shown');
    expect(at(15_000, 1)).to.equal('last');
  });

  it('is kept although a thousand others have printed something', () => {
    let now = 0;
    const output = createOutputBudget(10, () => now);
    for (let i = 0; i < 1000; i++) output.take(`quiet-${i}`, 1);
    now = 9_000;
    expect(output.take('dev', 20)).to.equal('shown');
    now = 11_000;
    expect(output.take('new', 1)).to.equal('shown');
    expect(output.take('dev', 1)).to.equal('last');
  });
});
