/**
What the NVMe driver knows of the controller's registers, commands and status codes: NVM Express base specification 1.4 §3.1
(registers), §4.2 and §4.6 (entries), §5 and §6 (commands). 64-bit registers are two words.
*/
export const capLow = 0x00;
export const capHigh = 0x04;
export const versionRegister = 0x08;
export const configuration = 0x14;
export const controllerStatus = 0x1c;
export const adminQueueAttributes = 0x24;
export const adminSubmissionQueue = 0x28;
export const adminCompletionQueue = 0x30;
const doorbells = 0x1000;

/** CC: enable, 4 KiB pages, NVM command set, entries of 64 and 16 bytes. */
export const enableConfiguration = 1 | (6 << 16) | (4 << 20);
export const ready = 1 << 0;
export const fatal = 1 << 1;

export function submissionDoorbell(queue: number, stride: number): number {
	return doorbells + 2 * queue * (4 << stride);
}

export function completionDoorbell(queue: number, stride: number): number {
	return doorbells + (2 * queue + 1) * (4 << stride);
}

/** Admin commands. */
export const createSubmissionQueue = 0x01;
export const createCompletionQueue = 0x05;
export const identify = 0x06;
export const abortCommand = 0x08;
export const setFeatures = 0x09;
export const asyncEventRequest = 0x0c;

export const featureNumberOfQueues = 0x07;

/** CNS values of Identify. */
export const identifyNamespace = 0;
export const identifyController = 1;
export const identifyNamespaceList = 2;

/** NVM commands. */
export const flushCommand = 0x00;
export const writeCommand = 0x01;
export const readCommand = 0x02;
export const forceUnitAccessBit = 1 << 30;

export const submissionWords = 16;
export const completionWords = 4;

/** Status code type and code, from a completion's last word. */
export function statusOf(word: number): number {
	return (word >>> 17) & 0x7ff;
}

/** Do Not Retry. */
export function isFinal(word: number): boolean {
	return word >>> 31 === 1;
}

/** PCI configuration space, as far as the driver touches it. */
export const pciCommand = 0x04;
export const pciStatus = 0x06;
export const pciCapabilities = 0x34;
export const pciMemoryAndMaster = 0b110;
export const pciNoIntx = 1 << 10;
export const msixCapability = 0x11;
export const msixEnable = 1 << 15;
