/** What the e1000 driver counts, each because it happened; those of the second group it reads from the device's own registers. */
export class E1000Counters {
	[name: string]: number;
	/** Packets the device has written back as sent, and their bytes without FCS. */
	txPackets = 0;
	txBytes = 0;
	/** Frames handed up, and their bytes without FCS. */
	rxPackets = 0;
	rxBytes = 0;
	interrupts = 0;
	spuriousInterrupts = 0;
	polls = 0;
	/** Polls that used up their budget of frames. */
	pollsExhausted = 0;
	/** Packets the device had no descriptors for. */
	txFull = 0;
	/** Packets given back unsent: no link, a reset, a device that is gone. */
	txDropped = 0;
	/** Packets with a blank checksum where the device could not fill one in. */
	txErrors = 0;
	/** Frames the device marked as damaged, or that took more than one buffer. */
	rxErrors = 0;
	/** TCP and UDP checksums the device found wrong; the frames are handed up. */
	rxChecksumErrors = 0;
	/** Times that no buffer was free to put in a taken one's place. */
	rxBuffersLacking = 0;
	/** Overruns the interrupt cause told of. */
	overruns = 0;
	/** Times the transmitter stood still for a second. */
	hangs = 0;
	/** Resets after trouble. */
	resets = 0;
	linkChanges = 0;

	crcErrors = 0;
	missedPackets = 0;
	receiveNoBuffers = 0;
	goodPacketsReceived = 0;
	goodPacketsTransmitted = 0;
	goodOctetsReceived = 0;
	goodOctetsTransmitted = 0;
	totalPacketsReceived = 0;
	totalPacketsTransmitted = 0;
}
