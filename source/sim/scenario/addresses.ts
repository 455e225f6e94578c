/** Addresses of networks as text: IPv4 in four numbers, MAC in six pairs of digits; and the ones given when a file names none. */
import {Refused} from './problems.js';
import {asWord} from './words.js';

/** @throws Refused */
export function parseIp(value: unknown): string {
	const text = asWord(value, 'an IPv4 address such as 10.0.0.1');
	const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
	if (parts === undefined || parts.some((part) => part > 255)) {
		throw new Refused(`'${text}' is not an IPv4 address; write four numbers such as 10.0.0.1`);
	}

	if (parts[0] === 0 || parts[0] === 127 || parts[0] >= 224 || parts[3] === 0 || parts[3] === 255) {
		throw new Refused(`'${text}' is nobody's address; write such as 10.0.0.1`);
	}

	return parts.join('.');
}

/** Lower case, with colons. @throws Refused */
export function parseMac(value: unknown): string {
	const text = asWord(value, 'a MAC address such as "00:16:3e:00:00:01"');
	if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) {
		throw new Refused(`'${text}' is not a MAC address; write six pairs of digits such as "00:16:3e:00:00:01"`);
	}

	const mac = text.toLowerCase();
	if ((Number.parseInt(mac.slice(0, 2), 16) & 1) === 1 || mac === '00:00:00:00:00:00') {
		throw new Refused(`'${text}' is nobody's own: the address of one station has an even first byte`);
	}

	return mac;
}

const pair = (value: number) => value.toString(16).padStart(2, '0');

/** Xen's OUI; the guest's number from 1 in the last byte, the interface's in the one before. */
export function vifMac(guest: number, device: number): string {
	return `00:16:3e:00:${pair(device)}:${pair(guest)}`;
}

/** An OUI of Intel's, as the EEPROM of its cards holds one; then the card's number. */
export function nicMac(index: number): string {
	return `00:1b:21:00:00:${pair(index + 1)}`;
}

/** Locally administered: a bridge's own port. */
export function bridgeMac(index: number): string {
	return `02:00:00:00:01:${pair(index + 1)}`;
}

/** Locally administered: a host of the LAN. */
export function lanMac(index: number): string {
	return `02:00:00:00:02:${pair(index + 1)}`;
}
