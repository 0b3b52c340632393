/**
 * A button that does something. While it is being done the button says so and does nothing more, but stays where it is
 * and keeps the focus, which one that is disabled would lose. The second click of two, and a key that is held down,
 * are no second wish.
 */

import type { ButtonHTMLAttributes } from "react";

interface ActProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "onClick" | "disabled"> {
  readonly busy?: boolean;
  /** Absent of a form's own button: then the form is sent. */
  readonly onPress?: () => void;
}

export function Act({ busy = false, onPress, type = "button", ...rest }: ActProps) {
  return (
    <button
      {...rest}
      type={type}
      aria-disabled={busy || undefined}
      onKeyDown={(event) => event.repeat && event.key === "Enter" && event.preventDefault()}
      onClick={(event) => {
        if (busy || event.detail > 1) event.preventDefault();
        else onPress?.();
      }}
    />
  );
}
