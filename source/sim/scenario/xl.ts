/**
xl commands in a timeline or from the operator, parsed as xl(1) takes them: `pause web`, `sched-credit -d web -w 512 -c 50`.
*/
import {closest} from '../../engine/closest.js';
import {quoted, Refused} from './problems.js';

export type XlCommand =
	| {readonly command: 'pause'; readonly domain: string}
	| {readonly command: 'unpause'; readonly domain: string}
	| {
			readonly command: 'sched-credit';
			readonly domain: string;
			/** 1 … 65535; undefined leaves it. */
			readonly weight: number | undefined;
			/** Percent of one physical CPU, 0 is no cap; undefined leaves it. */
			readonly cap: number | undefined;
	  };

export const xlCommands: readonly XlCommand['command'][] = ['pause', 'unpause', 'sched-credit'];
const laterCommands = [
	'create',
	'destroy',
	'shutdown',
	'reboot',
	'block-attach',
	'block-detach',
	'network-attach',
	'pci-attach',
];

/**
@param text with or without the leading `xl`.
@param domains names of the domains there are, Domain-0 among them.
@throws Refused
*/
export function parseXl(text: string, domains: readonly string[]): XlCommand {
	const words = text.trim().split(/\s+/);
	if (words[0] === 'xl') {
		words.shift();
	}

	const [command = '', ...rest] = words;
	switch (command) {
		case 'pause':
		case 'unpause': {
			if (rest.length !== 1) {
				throw new Refused(`xl ${command} takes one domain, such as: ${command} web`);
			}

			const domain = domainNamed(rest[0], domains);
			if (domain === 'Domain-0') {
				throw new Refused(`xl ${command} Domain-0: domain zero runs xl itself`);
			}

			return {command, domain};
		}

		case 'sched-credit':
			return schedCredit(rest, domains);
		default: {
			if (laterCommands.includes(command)) {
				throw new Refused(`xl ${command} is not built yet; there is ${xlCommands.join(', ')}`);
			}

			const near = closest(command, xlCommands);
			const hint = near === undefined ? `; there is ${xlCommands.join(', ')}` : `, did you mean ${quoted(near)}?`;
			throw new Refused(`unknown xl command ${quoted(command)}${hint}`);
		}
	}
}

function schedCredit(words: readonly string[], domains: readonly string[]): XlCommand {
	const usage = 'sched-credit -d DOMAIN -w WEIGHT -c CAP';
	const given = new Map<string, string>();
	for (let i = 0; i < words.length; i++) {
		const match = /^(?:-([dwc])|--(domain|weight|cap))(?:=(.*))?$/.exec(words[i]);
		if (match === null) {
			throw new Refused(`xl sched-credit does not know ${quoted(words[i])}; write ${usage}`);
		}

		const option = (match[1] ?? match[2])[0];
		const value = match[3] ?? words[++i];
		if (value === undefined || given.has(option)) {
			throw new Refused(
				`xl sched-credit: -${option} ${value === undefined ? 'has no value' : 'is given twice'}; write ${usage}`,
			);
		}

		given.set(option, value);
	}

	const domain = given.get('d');
	if (domain === undefined || given.size === 1) {
		throw new Refused(`xl sched-credit changes nothing here; write ${usage}`);
	}

	return {
		command: 'sched-credit',
		domain: domainNamed(domain, domains),
		weight: whole(given.get('w'), 'weight', 1, 65_535),
		cap: whole(given.get('c'), 'cap', 0, 1600),
	};
}

/** The command as one line that `parseXl` reads back. */
export function xlText(command: XlCommand): string {
	if (command.command !== 'sched-credit') {
		return `${command.command} ${command.domain}`;
	}

	const weight = command.weight === undefined ? '' : ` -w ${command.weight}`;
	const cap = command.cap === undefined ? '' : ` -c ${command.cap}`;
	return `sched-credit -d ${command.domain}${weight}${cap}`;
}

function domainNamed(name: string, domains: readonly string[]): string {
	const wanted = name === '0' ? 'Domain-0' : name;
	if (!domains.includes(wanted)) {
		const near = closest(wanted, domains);
		throw new Refused(
			`there is no domain ${quoted(name)}${near === undefined ? `; there is ${domains.join(', ')}` : `, did you mean ${quoted(near)}?`}`,
		);
	}

	return wanted;
}

function whole(text: string | undefined, what: string, least: number, most: number): number | undefined {
	if (text === undefined) {
		return undefined;
	}

	const value = /^\d{1,6}$/.test(text) ? Number(text) : -1;
	if (value < least || value > most) {
		throw new Refused(`xl sched-credit: ${what} ${quoted(text)} is out of range; it goes from ${least} to ${most}`);
	}

	return value;
}
