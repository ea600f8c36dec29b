/** The browser comes from the system or from an npm package; nothing is downloaded on install. */
module.exports = { skipDownload: true };
