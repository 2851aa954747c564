/** What `bin/fairq.js` runs. The build puts one in its place that takes the same from the bundle. */
export { processIo } from '../process/io.js';
export { main } from './main.js';
