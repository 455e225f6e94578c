/**
The data structures Identify returns: controller, namespace, list of active namespaces, namespace identification descriptors. After
NVMe base specification 1.4 §5.15.2. There is one namespace, 1.
*/
import type {Medium} from './medium.js';
import type {NvmeOptions} from './nvme-options.js';
import {version} from './nvme-registers.js';

export const identifyBytes = 4096;

/** ACL: 0-based limit of concurrent aborts. */
export const abortLimit = 3;
/** AERL: 0-based limit of outstanding asynchronous event requests. */
export const asyncEventLimit = 3;
/** ELPE: 0-based number of entries in the error log. */
export const errorLogEntries = 15;

const vendor = 0x1b36;
const subsystemVendor = 0x1af4;

/** CNS 01h. `page` is zeroed. */
export function identifyController(page: Buffer, medium: Medium, options: NvmeOptions): void {
	page.writeUInt16LE(vendor, 0);
	page.writeUInt16LE(subsystemVendor, 2);
	text(page, 4, 20, options.serial);
	text(page, 24, 40, medium.model);
	text(page, 64, 8, '1.0');
	page[72] = 3;
	page[77] = 31 - Math.clz32(options.maximumTransfer / 4096);
	page.writeUInt32LE(version, 80);
	page[111] = 1;
	page[258] = abortLimit;
	page[259] = asyncEventLimit;
	page[260] = 0b11;
	page[262] = errorLogEntries;
	page[263] = 0;
	page.writeUInt16LE(343, 266);
	page.writeUInt16LE(353, 268);
	page[512] = 0x66;
	page[513] = 0x44;
	page.writeUInt16LE(options.commands, 514);
	page.writeUInt32LE(1, 516);
	page[525] = medium.volatileCache ? 0b111 : 0b110;
	page.writeUInt16LE(0, 526);
	text(page, 768, 256, `nqn.2014-08.org.nvmexpress:1b361af4${options.serial.padEnd(20)}${medium.model}`, '\0');
	page.writeUInt16LE(2500, 2048);
}

/** CNS 00h for namespace 1. */
export function identifyNamespace(page: Buffer, medium: Medium, options: NvmeOptions): void {
	const blocks = Math.floor(medium.sectors / (options.logicalBlock / 512));
	for (const at of [0, 8, 16]) {
		page.writeUInt32LE(blocks % 4_294_967_296, at);
		page.writeUInt32LE(Math.floor(blocks / 4_294_967_296), at + 4);
	}

	page[130] = 31 - Math.clz32(options.logicalBlock);
	identifierOf(page, 120, options);
}

/** CNS 02h: namespaces above `after`. */
export function identifyNamespaceList(page: Buffer, after: number): void {
	if (after < 1) {
		page.writeUInt32LE(1, 0);
	}
}

/** CNS 03h for namespace 1: its EUI64. */
export function identifyDescriptors(page: Buffer, options: NvmeOptions): void {
	page[0] = 1;
	page[1] = 8;
	identifierOf(page, 4, options);
}

/** The namespace's EUI64, derived from the serial number. */
function identifierOf(page: Buffer, at: number, options: NvmeOptions): void {
	let low = 0x811c9dc5 | 0;
	for (let i = 0; i < options.serial.length; i++) {
		low = Math.imul(low ^ options.serial.charCodeAt(i), 0x01000193);
	}

	page.writeUInt32BE(0x0052_5400, at);
	page.writeUInt32BE(low >>> 0, at + 4);
}

function text(page: Buffer, at: number, length: number, value: string, fill = ' '): void {
	page.write(value.slice(0, length).padEnd(length, fill), at, length, 'latin1');
}
