import { add } from '../add.js';

export { step } from './step.js';
export default add;
