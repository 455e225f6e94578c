/**
What flows over a connection of the traffic applications: patterns that both ends derive from the opener's port, one for each direction,
so that whoever receives can check every byte without being told anything.
*/
import {StreamPattern} from '../stream-pattern.js';

const answerSeed = 0x5a5a;

/** What the opener of a connection sends. */
export function openerPattern(openerPort: number): StreamPattern {
	return new StreamPattern(openerPort * 7919);
}

/** What the other side sends. */
export function answererPattern(openerPort: number): StreamPattern {
	return new StreamPattern(openerPort * 7919 + answerSeed);
}
