import { makeLogins } from './database';

export default makeLogins;
