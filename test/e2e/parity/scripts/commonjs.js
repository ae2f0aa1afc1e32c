const { Counter } = require('k6/metrics');
const { twice } = require('./files/commonjs-lib.js');

const calls = new Counter('calls');

module.exports.options = { vus: 3, iterations: 6, thresholds: { calls: ['count==112'] } };
module.exports.setup = () => calls.add(100);
module.exports.default = () => calls.add(twice(1));
module.exports.handleSummary = (data) => ({ stdout: `calls: ${data.metrics.calls.values.count}\n` });
