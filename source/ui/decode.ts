/**
 * From what a terminal sends to names of keys: one chunk may hold a paste, several held-down arrows, or half an escape
 * sequence. CSI and SS3 sequences as xterm, Linux and tmux send them; anything unknown is dropped whole.
 */

const escapeByte = '\u001B';

const finals: Readonly<Record<string, string>> = {
	A: 'up',
	B: 'down',
	C: 'right',
	D: 'left',
	H: 'home',
	F: 'end',
	Z: 'shift-tab',
	M: 'enter',
};

const tildes: Readonly<Record<string, string>> = {
	1: 'home',
	3: 'delete',
	4: 'end',
	5: 'pageup',
	6: 'pagedown',
	7: 'home',
	8: 'end',
};

const controls: Readonly<Record<string, string>> = {
	'\r': 'enter',
	'\n': 'enter',
	'\t': 'tab',
	'\u007F': 'backspace',
	'\b': 'backspace',
	'\u0003': 'ctrl-c',
	'\u000C': 'ctrl-l',
	'\u001A': 'ctrl-z',
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what this reads.
const sequence = /^\u001B(?:\[([0-9;:<=>?]*)[ -/]*([@-~])|O([A-Za-z]))/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the beginning of one that is not complete yet.
const unfinished = /^\u001B(?:\[[0-9;:<=>?]*[ -/]*|O)?$/;

export interface Decoded {
	readonly keys: readonly string[];
	/** The beginning of a sequence whose rest has not come yet. */
	readonly rest: string;
}

/** Names of the keys in `text`, in order; `rest` is to be put before the next chunk. */
export function decodeKeys(text: string): Decoded {
	const keys: string[] = [];
	let at = 0;
	while (at < text.length) {
		const here = text.slice(at);
		if (here[0] !== escapeByte) {
			const [character] = here;
			const name = controls[character] ?? (character >= ' ' && !isControl(character) ? character : undefined);
			if (name !== undefined) keys.push(name);
			at += character.length;
			continue;
		}
		if (unfinished.test(here)) return {keys, rest: here};
		const match = sequence.exec(here);
		if (match === null) {
			// Escape followed by something else: the Escape key, then whatever that is (Alt is not used).
			keys.push('escape');
			at++;
			continue;
		}
		const [whole, parameters = '', final = '', ss3 = ''] = match;
		const name = ss3 !== '' ? finals[ss3] : final === '~' ? tildes[parameters.split(';')[0]] : finals[final];
		if (name !== undefined) keys.push(name);
		at += whole.length;
	}
	return {keys, rest: ''};
}

/** What an unfinished sequence means when nothing follows it: the Escape key itself. */
export function decodeRest(rest: string): readonly string[] {
	return rest === '' ? [] : ['escape', ...rest.slice(1)];
}

function isControl(character: string): boolean {
	const code = character.codePointAt(0) ?? 0;
	return code >= 0x7f && code <= 0x9f;
}
