// @ts-nocheck: neither express nor webtask-tools brings types along.

/**
 * An Express app, through webtask-tools. Its routes begin behind the webtask's name, and its context is
 * `req.webtaskContext`.
 */
const express = require('express');
const { fromExpress } = require('webtask-tools');

const app = express();
app.use(express.json());

app.post('/notes', (req, res) => {
  const { SIGNATURE } = req.webtaskContext.secrets;
  res.status(201).json({ text: `${req.body.text} - ${SIGNATURE}` });
});

module.exports = fromExpress(app);
