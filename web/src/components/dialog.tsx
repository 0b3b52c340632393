/** A modal window: the browser's own dialog, which keeps focus inside and gives it back. */

import { type ReactNode, useEffect, useId, useRef } from "react";
import { Act } from "./act";

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly wide?: boolean;
}

export function Dialog({ title, onClose, children, wide = false }: DialogProps) {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = box.current;
    const before = document.activeElement;
    if (dialog && !dialog.open) dialog.showModal();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click beside the window does what Escape does
    <dialog
      ref={box}
      className={wide ? "wide" : undefined}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === box.current) onClose();
      }}
    >
      <div className="dialog-box">
        <header>
          <h2 id={id}>{title}</h2>
          <button type="button" className="plain" aria-label="Close" onClick={onClose}>
            ×
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

interface ConfirmProps {
  readonly title: string;
  readonly children: ReactNode;
  readonly doIt: string;
  readonly onDo: () => void;
  readonly onClose: () => void;
  readonly busy?: boolean;
}

/** One question before what concerns many jobs or cannot be taken back. */
export function Confirm({ title, children, doIt, onDo, onClose, busy = false }: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      <footer>
        <button type="button" onClick={onClose}>
          Leave it
        </button>
        <Act className="strong" onPress={onDo} busy={busy}>
          {doIt}
        </Act>
      </footer>
    </Dialog>
  );
}
