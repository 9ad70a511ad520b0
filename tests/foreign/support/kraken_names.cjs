// node --require kraken_names.cjs: who connects to one of Kraken's names comes to the server of `ktape run`, and verifies
// its certificate for that name. Like a line in /etc/hosts, but with a port, and for this program alone.
const { syncBuiltinESMExports } = require('node:module');
const tls = require('node:tls');

const connect = tls.connect;
tls.connect = function (...args) {
  const at = args.findIndex((one) => typeof one === 'object' && one !== null);
  const options = at < 0 ? {} : { ...args[at] };
  const listener = args.find((one) => typeof one === 'function');
  if (typeof args[0] === 'number') [options.port, options.host] = [args[0], typeof args[1] === 'string' ? args[1] : options.host];
  if (!/(^|\.)kraken\.com$/.test(options.host ?? '')) return connect.apply(tls, args);
  return connect.call(tls, {
    ...options, servername: options.servername || options.host,
    host: process.env.KTAPE_HOST, port: Number(process.env.KTAPE_PORT), lookup: undefined,
  }, listener);
};
syncBuiltinESMExports();
