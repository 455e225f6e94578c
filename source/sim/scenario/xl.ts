/**
xl commands in a timeline or from the operator, parsed as xl(1) takes them: `pause web`, `sched-credit -d web -w 512 -c 50`.
*/
import {closest} from '../../engine/closest.js';
import type {XlCommand} from '../toolstack/xl.js';
import {quoted, Refused} from './problems.js';

export {type XlCommand, xlText} from '../toolstack/xl.js';

export const xlCommands: readonly XlCommand['command'][] = [
	'create',
	'pause',
	'unpause',
	'shutdown',
	'reboot',
	'destroy',
	'block-attach',
	'block-detach',
	'network-attach',
	'network-detach',
	'sched-credit',
];
const laterCommands = ['pci-attach', 'pci-detach', 'save', 'restore', 'migrate', 'list', 'mem-set', 'vcpu-set'];

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
		case 'create':
			return {command, domain: guestNamed(command, only(command, rest), domains)};
		case 'pause':
		case 'unpause':
		case 'shutdown':
		case 'reboot':
		case 'destroy':
			return {command, domain: guestNamed(command, only(command, rest), domains)};

		case 'block-attach':
		case 'block-detach': {
			const vdev = command === 'block-detach' ? rest[1] : optionOf(rest[1], ['vdev']);
			if (rest.length !== 2 || vdev === undefined || !/^xvd[a-p]$/.test(vdev)) {
				const disk = command === 'block-detach' ? 'xvda' : 'vdev=xvda';
				throw new Refused(`xl ${command} takes a domain and one of its disks, such as: ${command} web ${disk}`);
			}

			return {command, domain: guestNamed(command, rest[0], domains), vdev};
		}

		case 'network-attach':
		case 'network-detach': {
			const vif = command === 'network-detach' ? rest[1] : optionOf(rest[1], ['mac', 'devid']);
			if (rest.length !== 2 || vif === undefined || !/^(\d|([0-9a-f]{2}:){5}[0-9a-f]{2})$/i.test(vif)) {
				const given = command === 'network-detach' ? '0' : 'devid=0';
				throw new Refused(
					`xl ${command} takes a domain and one of its interfaces by number or MAC, such as: ${command} web ${given}`,
				);
			}

			return {command, domain: guestNamed(command, rest[0], domains), vif: vif.toLowerCase()};
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

function only(command: string, rest: readonly string[]): string {
	if (rest.length !== 1) {
		throw new Refused(`xl ${command} takes one domain, such as: ${command} web`);
	}

	return rest[0];
}

/** The value of `key=value`, or of one of the keys that may stand there. */
function optionOf(text: string | undefined, keys: readonly string[]): string | undefined {
	const [key, value] = (text ?? '').split('=');
	return keys.includes(key) ? value : undefined;
}

function guestNamed(command: string, name: string, domains: readonly string[]): string {
	const domain = domainNamed(name, domains);
	if (domain === 'Domain-0') {
		throw new Refused(`xl ${command} Domain-0: domain zero runs xl itself`);
	}

	return domain;
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
