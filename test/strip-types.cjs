/** Jest transform: erases types exactly as `node file.ts` does, so tests and production run the same code. */
const { stripTypeScriptTypes } = require('node:module');

module.exports = {
  process: (source) => ({ code: stripTypeScriptTypes(source, { mode: 'strip' }) }),
};
