import { expect } from 'chai';
import { webtask } from 'webtask-kit/harness';

describe('{{name}}', () => {
  it('greets whoever the query names', async () => {
    const task = await webtask('{{file}}');
    const response = await task.get('/?name=Ada');
    expect(response).to.have.status(200);
    expect(response).to.have.json({ message: 'Hello, Ada!' });
  });

  it('answers to GET only', async () => {
    const task = await webtask('{{file}}');
    const response = await task.post('/');
    expect(response).to.have.status(405);
    expect(response).to.have.header('Allow', 'GET');
  });
});
