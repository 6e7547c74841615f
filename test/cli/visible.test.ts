import { expect } from 'chai';
import { visible } from '../../cli/visible.ts';

describe('text of others’ making', () => {
  it('has its control characters written out, so that it adds no line and steers no terminal', () => {
    expect(visible('ten = a\nstate    valid\u001b[2J\u202e\u2028')).to.equal(
      'ten = a\\u{a}state    valid\\u{1b}[2J\\u{202e}\\u{2028}',
    );
  });

  it('is left alone otherwise', () => {
    expect(visible('Grüße, 東京: a "b" \\n')).to.equal('Grüße, 東京: a "b" \\n');
  });
});
