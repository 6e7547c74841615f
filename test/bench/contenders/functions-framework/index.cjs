exports.hello = (_req, res) => res.json({ hello: 'world' });
